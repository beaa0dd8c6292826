"""Boligprofil's flows and, under them, one package per hop: intake, marts, publish, release, extracts."""
