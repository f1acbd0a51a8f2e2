-- Escape sequences and invalid UTF-8.
print("\27[2J\27]0;x\7\255\254\192\128")
error("\27[31m\255\0\1\237\160\128")
