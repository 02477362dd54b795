// Package passkey makes and checks passkeys (WebAuthn level 3) for package
// tenancy, which stores them. It keeps nothing itself: the state between the
// two halves of a ceremony goes to the caller, who lets it be used once.
package passkey
