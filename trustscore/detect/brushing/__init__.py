"""Orders that were bought for show: rules, their evidence, and a score."""
