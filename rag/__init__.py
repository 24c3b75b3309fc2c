"""crosscite: documents in, verified answers out."""
