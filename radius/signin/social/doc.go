// Package social lets people into a network with an account that they have elsewhere
// (spec: radius §9):
//
//	GET /accounts/PROVIDER/login/           leads there; "next" is a path of SocialPath
//	GET /accounts/PROVIDER/login/callback/  where it leads back to
//	GET /radius/social-login/SLUG/?cp=…     where the buttons of login pages want to go
//
// or with that of an institution, by SAML 2.0 (SAMLPath).
//
// It opens no session of the web admin, and lets no administrator in: what it gives is a
// key for the pages of a hotspot.
package social
