// Package shadow compares a server with the one it is to replace: a reverse proxy in
// front of the old one, which answers, while the new one is asked the same and what
// differs is written down. Clients notice nothing: they are answered by the old server
// alone, and do not wait for the new one.
package shadow
