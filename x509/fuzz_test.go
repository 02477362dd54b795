package x509

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	std "crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/youmark/pkcs8"

	"github.com/wispwright/wispwright"
)

// sample is a certificate that signed itself, with its key, in PEM.
func sample(f *testing.F) (certificate, private string, key crypto.Signer) {
	f.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	d := &Details{CommonName: "a", CountryCode: "IT", Email: "a@example.org", Digest: SHA256, SerialNumber: "7", ValidityStart: time.Unix(0, 0), ValidityEnd: time.Unix(4e9, 0),
		Extensions: []Extension{{Name: "subjectAltName", Value: "DNS:a.example.org"}}}
	options := Options{}.complete()
	if certificate, err = (&order{Details: d, key: ec.Public(), signer: ec, ca: true}).make(&options); err != nil {
		f.Fatal(err)
	}
	der, err := std.MarshalPKCS8PrivateKey(ec)
	if err != nil {
		f.Fatal(err)
	}
	return certificate, block(privateKeyBlock, der), ec
}

// FuzzImport reads certificates and keys that anybody sends: never a panic, only
// texts that storages take, and what is taken over can be described.
func FuzzImport(f *testing.F) {
	certificate, private, key := sample(f)
	// once, not a hundred thousand times: the derivation is not what is looked at
	der, err := pkcs8.MarshalPrivateKey(key, []byte("x"), &pkcs8.Opts{Cipher: pkcs8.AES256CBC, KDFOpts: pkcs8.PBKDF2Opts{SaltSize: 16, IterationCount: 1, HMACHash: crypto.SHA256}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(certificate, private, "")
	f.Add(certificate, block(encryptedKeyBlock, der), "x")
	f.Add(certificate+certificate, "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"+private, "")
	f.Add("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----\n", "x")
	f.Fuzz(func(t *testing.T, certificate, private, passphrase string) {
		if cert, err := parseCertificate(certificate); err == nil {
			d := &Details{Certificate: certificate}
			if d.takeOver(cert) == nil {
				for _, text := range []string{d.Name, d.CountryCode, d.State, d.City, d.OrganizationName, d.OrganizationalUnitName, d.Email, d.CommonName, d.SerialNumber} {
					if !utf8.ValidString(text) || utf8.RuneCountInString(text) > 254 {
						t.Fatalf("%q is no text to be stored", text)
					}
					for _, c := range text {
						if c == 0 {
							t.Fatalf("%q has a NUL", text)
						}
					}
				}
			}
			if _, err := Text(certificate); err != nil {
				t.Fatalf("what can be read can be described: %v", err)
			}
			_ = checkAuthority(cert, time.Unix(1e9, 0))
			_ = verify(cert, cert.PublicKey)
		}
		if _, err := parseKey(wispwright.Secret(private), wispwright.Secret(passphrase)); err != nil && err.Error() == "" {
			t.Fatal("a refusal says why")
		}
		d := &Details{Certificate: certificate, PrivateKey: wispwright.Secret(private), Passphrase: wispwright.Secret(passphrase)}
		if in, err := d.readImport(1024); err == nil && !samePublic(in.cert.PublicKey, in.signer.Public()) {
			t.Fatal("a key of another certificate was taken")
		}
	})
}

// FuzzRequest reads PKCS#10 requests: what is accepted is signed with its own key.
func FuzzRequest(f *testing.F) {
	_, _, key := sample(f)
	der, err := std.CreateCertificateRequest(rand.Reader, &std.CertificateRequest{Subject: pkix.Name{CommonName: "a"}}, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der)
	f.Add([]byte(block("CERTIFICATE REQUEST", der)))
	f.Add([]byte("-----BEGIN NEW CERTIFICATE REQUEST-----\n\n-----END NEW CERTIFICATE REQUEST-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		request, err := parseRequest(text, 1024)
		if err == nil && (request.CheckSignature() != nil || lengthOf(request.PublicKey) == "") {
			t.Fatal("a request was accepted that nobody signed")
		}
	})
}

// FuzzOCSP reads questions of anybody: what is understood is answered about the
// same certificate.
func FuzzOCSP(f *testing.F) {
	type certID struct {
		Hash          pkix.AlgorithmIdentifier
		Name, KeyHash []byte
		Serial        *big.Int
	}
	one := certID{pkix.AlgorithmIdentifier{Algorithm: oid(1, 3, 14, 3, 2, 26)}, make([]byte, 20), make([]byte, 20), big.NewInt(7)}
	type list struct{ List []struct{ ID certID } }
	request, err := asn1.Marshal(struct{ TBS list }{list{[]struct{ ID certID }{{one}, {one}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(request)
	f.Add([]byte{0x30, 0})
	f.Fuzz(func(t *testing.T, request []byte) {
		questions, nonce, ok := parseOCSP(request)
		if !ok {
			return
		}
		if len(questions) == 0 || len(questions) > maxQuestions || len(nonce) > maxNonce {
			t.Fatal("a question without bounds")
		}
		d := &delegate{issuer: &std.Certificate{}}
		for _, q := range questions {
			if q.serial == nil {
				t.Fatal("a question about nothing")
			}
			d.answersFor(q)
		}
	})
}

// FuzzPKCS12 reads files: never a panic, and never half of one.
func FuzzPKCS12(f *testing.F) {
	certificate, private, _ := sample(f)
	for _, legacy := range []bool{false, true} {
		file, err := PKCS12(&Details{Certificate: certificate, PrivateKey: wispwright.Secret(private)}, nil, "x", legacy)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file, "x")
		f.Add(file, "")
	}
	f.Fuzz(func(t *testing.T, file []byte, passphrase string) {
		// few iterations, so that many files are tried
		read, err := readPKCS12(file, wispwright.Secret(passphrase), 3000)
		if err == nil && (read.Certificate == "" || read.PrivateKey == "") {
			t.Fatal("half a file was read")
		}
	})
}
