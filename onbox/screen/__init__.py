"""Everything that a person sees and is asked."""
