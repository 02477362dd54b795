package connection

// Older compares two versions of the agent, for tests from outside.
func Older(a, b string) bool { return older(a, b) }
