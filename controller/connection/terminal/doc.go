// Package terminal opens terminals on devices, through whatever connection reaches
// them.
package terminal
