// Package autoclient makes the client's side of a VPN from the server's: what a
// controller puts into the template that connects devices (spec: netjsonconfig
// §15).
//
// Values are usually variables such as {{ca_path_5}}, which each device's
// configuration then evaluates. The results are NetJSON objects of their own:
// nothing of what is handed in is altered or shared.
package autoclient
