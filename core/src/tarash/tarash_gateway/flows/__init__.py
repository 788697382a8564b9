"""The flows, each written once: generators that yield what they need, and the two drivers that give it to them."""
