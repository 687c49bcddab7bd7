"""Root file systems on disk: plain directories and overlays."""
