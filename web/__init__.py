"""crosscite over HTTP: the API, and a chat in the browser."""
