"""WeChat, tried out against a Tencent of our own."""
