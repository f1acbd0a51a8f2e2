-- A reader that gives load pieces for ever.
load(function() return "x = 1 " end)
