"""The one place of meaning: indicators, sources, tables, codes, and the contracts made from them."""
