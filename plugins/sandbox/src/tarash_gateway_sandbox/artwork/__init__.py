"""What images and videos are drawn with. Only `orders` imports no imaging library."""
