"""The HTML colour of the dot beside a colour name; used as an SVG attribute, not as a style."""

SWATCHES = {
    "apricot": "#f4b183", "aqua": "#7fd3d6", "beige": "#ddcbae", "black": "#1c1b1a",
    "blue": "#3465a4", "blush": "#e9c3bb", "bottle green": "#1d4733", "bronze": "#8c6a3f",
    "brown": "#6f4a2f", "burgundy": "#6d1a2d", "camel": "#bd8e5a", "charcoal": "#3b3f42",
    "chocolate": "#4a2c1d", "coffee brown": "#54382a", "copper": "#b06b45", "coral": "#f0745c",
    "cream": "#f3e9d2", "crimson": "#b0172e", "denim": "#45638a", "emerald": "#147a55",
    "fluorescent green": "#9be31f", "forest green": "#24512f", "fuchsia": "#c72c86",
    "gold": "#c9a13d", "gray": "#8d9093", "green": "#3c8046", "grey": "#8d9093",
    "grey melange": "#a7a9ab", "indigo": "#333c7d", "ivory": "#f5f0e1", "khaki": "#a39667",
    "lavender": "#b7a6d9", "lemon": "#f2e26a", "light blue": "#a5c6e5", "lilac": "#c3a9d6",
    "lime": "#a6cf3a", "lime green": "#8dc63f", "magenta": "#bf2f7f", "maroon": "#6b1f2a",
    "mauve": "#a9829d", "melange": "#b5b3b0", "metallic": "#9ea3a8", "mint": "#aedcc4",
    "mushroom brown": "#a18c78", "mustard": "#d3a12c", "navy": "#1f2b4d", "navy blue": "#1f2b4d",
    "nude": "#dfbfa6", "ochre": "#c1862f", "off white": "#f4f1e8", "off-white": "#f4f1e8",
    "olive": "#6c6b3a", "orange": "#e7812b", "peach": "#f6c3a1", "petrol": "#1f5566",
    "pink": "#e79bb2", "plum": "#5d2b4e", "purple": "#6c4396", "red": "#c22f33",
    "rose": "#d9838f", "royal blue": "#2b4fae", "rust": "#a9502b", "sage": "#a3b195",
    "salmon": "#f09a85", "sand": "#d8c4a0", "sea green": "#2f8f74", "silver": "#c3c7ca",
    "sky": "#8fc1e3", "sky blue": "#8fc1e3", "skin": "#e5c0a4", "slate": "#5d6b78",
    "steel": "#7d8a94", "stone": "#c9c1b2", "tan": "#c39b6d", "taupe": "#8a7a6c",
    "teal": "#1e7c7d", "terracotta": "#c0613f", "turquoise": "#35b4ad",
    "turquoise blue": "#3fb3c4", "violet": "#7c53a5", "white": "#ffffff", "wine": "#66222f",
    "yellow": "#f0cd3a",
}  # fmt: skip


def swatch(colour: str) -> str | None:
    """The HTML colour of a colour name, else of its last known word; None if no word is known."""
    name = colour.strip().lower()
    if name in SWATCHES:
        return SWATCHES[name]
    known = [SWATCHES[word] for word in name.replace("-", " ").split() if word in SWATCHES]
    return known[-1] if known else None
