"""Yearly extracts for area secretariats, made from cleared figures alone: workbook, report, web pages, CSV."""
