"""What the terminal pane is made of: how it paints, looks back, selects. The pane itself is `widgets.terminal`."""
