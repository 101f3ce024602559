"""What a page is: queries, views of formatted strings, charts and templates. Nothing here opens a database."""
