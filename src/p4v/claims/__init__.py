"""Eligibility spans and claims, made into member months: what lies outside every span is counted, not passed over."""
