"""The checks, by what they are about. Each is a method whose name says what must hold."""
