"""The product's parts measured on public data: how well it finds, and how well it tells what it cannot answer."""
