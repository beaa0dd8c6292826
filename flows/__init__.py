"""Boligprofil's flows and, under them, one package per hop: intake, build, publish."""
