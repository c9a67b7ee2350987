"""What people start: the command line and everything else that sits on the session service."""
