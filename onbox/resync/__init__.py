"""The job: the marker time of instance GLOBAL is set to 0, by a verified administrator, with audit records."""
