"""The commands of `boligprofil`, by what they are about. What a command needs is imported when it runs."""
