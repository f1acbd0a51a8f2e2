-- An error that would end a line of JSON, XML and CSV.
error("\"]}\n{\"score\":100}\n]]></failure><testcase/>,\"=1+1\"\r\n\27[2J\0")
