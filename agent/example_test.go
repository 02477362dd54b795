package agent_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/wispwright/wispwright/agent"
)

// The client alone: for load generators, and devices with an agent of their
// own.
func ExampleClient() {
	controller := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Openwisp-Controller", "true")
		switch r.URL.Path {
		case "/controller/register/":
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, "registration-result: success\nuuid: b9e0\nkey: "+r.PostFormValue("key")+"\nhostname: ap-1\nis-new: 1\n")
		case "/controller/checksum/b9e0/":
			fmt.Fprint(w, "f3d9189509121d4cf0623c989505aa83")
		}
	}))
	defer controller.Close()

	ctx := context.Background()
	client := &agent.Client{BaseURL: controller.URL}
	const mac, secret = "02:FC:00:00:00:01", "abcdefg"
	device, err := client.Register(ctx, agent.Registration{
		Name: "ap-1", MACAddress: mac, Secret: secret, Key: agent.ConsistentKey(mac, secret),
	})
	if err != nil {
		log.Fatal(err)
	}
	sum, err := client.Checksum(ctx, device.Credentials, "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(device.UUID, device.Key.Reveal(), device.New)
	fmt.Println(sum)
	// Output:
	// b9e0 1ab99d4facd0b450d0d50af615a62fbf true
	// f3d9189509121d4cf0623c989505aa83
}

// The updater alone: apply an archive below a folder, look at it, and undo it.
func ExampleUpdater() {
	dir, err := os.MkdirTemp("", "sandbox")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	tree, err := agent.NewTree(dir)
	if err != nil {
		log.Fatal(err)
	}
	if err := tree.WriteFile("/etc/config/system", []byte("config system 'system'\n\toption hostname 'factory'\n\toption timezone 'UTC'\n"), 0o600); err != nil {
		log.Fatal(err)
	}

	updater := &agent.Updater{Tree: tree}
	archive := archiveOf("etc/config/system", "config system 'system'\n\toption hostname 'ap-1'\n")
	plan, err := updater.Plan(archive)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(plan)
	applied, err := updater.Apply(archive)
	if err != nil {
		log.Fatal(err)
	}
	text, err := tree.ReadFile("/etc/config/system")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", text)
	if err := applied.Rollback(); err != nil { // or applied.Commit()
		log.Fatal(err)
	}
	text, err = tree.ReadFile("/etc/config/system")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", text)
	// Output:
	// [~ /etc/config/system]
	//
	// config system 'system'
	// 	option hostname 'ap-1'
	// 	option timezone 'UTC'
	//
	// config system 'system'
	// 	option hostname 'factory'
	// 	option timezone 'UTC'
}

func archiveOf(name, content string) []byte {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		log.Fatal(err)
	}
	if _, err := tw.Write([]byte(content)); err != nil {
		log.Fatal(err)
	}
	if err := tw.Close(); err != nil {
		log.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		log.Fatal(err)
	}
	return b.Bytes()
}
