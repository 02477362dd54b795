// Package approval lets devices that register wait until somebody approves of them,
// in organizations that want it. See README.md.
package approval
