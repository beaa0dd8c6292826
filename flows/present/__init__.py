"""How anything looks: Danish notation and words, pages, pictures, PDFs, Excel tables. What is told stands elsewhere."""
