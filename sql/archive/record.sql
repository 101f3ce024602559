-- what: that a day's bodies are in a file
insert into raw.archives values ($day, $file, $bodies, $body_bytes, $archived_at);
