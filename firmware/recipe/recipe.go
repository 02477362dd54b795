package recipe

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/wispwright/wispwright"
)

// The packages of the two agents, as feeds of OpenWrt call them.
const (
	// ConfigAgent registers a device and keeps its configuration.
	ConfigAgent = "openwisp-config"
	// MonitoringAgent tells how a device is.
	MonitoringAgent = "openwisp-monitoring"
)

// Recipe is what images of one target and profile are made of.
type Recipe struct {
	// Target is that of the image builder, such as ath79/generic; Profile one of its
	// profiles, such as tplink_tl-wdr4300-v1.
	Target, Profile string
	// Name becomes a part of the images' names: the organization's slug, say. It is of
	// small letters, digits, dots and hyphens.
	Name string
	// Packages are installed, those that begin with a hyphen left out. Default: the two
	// agents.
	Packages []string
	// URL is where devices find the controller, SharedSecret lets them register there.
	URL          string
	SharedSecret wispwright.Secret
	// Agent are further options of the agent, by name.
	Agent map[string]string
	// Files lie in the images, by their absolute paths.
	Files map[string][]byte
	// Local are package files (.ipk, .apk) by name, which no feed has.
	Local map[string][]byte
}

var (
	targets  = regexp.MustCompile(`^[a-z0-9_-]+/[a-z0-9_-]+$`)
	profiles = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.+-]*$`)
	names    = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,62}$`)
	packages = regexp.MustCompile(`^-?[A-Za-z0-9][A-Za-z0-9_.+-]*$`)
	options  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// Check returns what is wrong, as a *wispwright.ValidationError. What gets into files
// that a shell or make reads is bounded to letters that mean nothing there.
func (r *Recipe) Check() error {
	v := &wispwright.ValidationError{}
	for _, one := range []struct {
		field, value, want string
		is                 *regexp.Regexp
	}{
		{"target", r.Target, "ath79/generic", targets}, {"profile", r.Profile, "tplink_tl-wdr4300-v1", profiles}, {"name", r.Name, "acme", names},
	} {
		if !one.is.MatchString(one.value) {
			v.Add(one.field, fmt.Sprintf("%q: want something like %s.", one.value, one.want))
		}
	}
	if u, err := url.Parse(r.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		v.Add("url", "Want an address such as https://controller.example.org.")
	}
	for _, p := range r.Packages {
		if !packages.MatchString(p) {
			v.Add("packages", fmt.Sprintf("%q is no name of a package.", p))
		}
	}
	for name := range r.Agent {
		if !options.MatchString(name) {
			v.Add("agent", fmt.Sprintf("%q is no name of an option.", name))
		}
	}
	for name := range r.Files {
		if !path.IsAbs(name) || path.Clean(name) != name || name == "/" || strings.ContainsAny(name, "\x00\n") {
			v.Add("files", fmt.Sprintf("%q is no absolute path of a file.", name))
		}
	}
	for name := range r.Local {
		if !profiles.MatchString(name) || !slices.Contains([]string{".ipk", ".apk"}, path.Ext(name)) {
			v.Add("local", fmt.Sprintf("%q is no package file.", name))
		}
	}
	return v.Err()
}

// The files of a recipe.
const (
	agentFile   = "/etc/config/openwisp"
	makefile    = "Makefile"
	filesFolder = "files"
	localFolder = "packages"
)

// Write lays a recipe out in a folder, which is made; files that are there already
// are replaced. The secret is in it: only the owner reads the folder.
func (r *Recipe) Write(folder string) error {
	if err := r.Check(); err != nil {
		return err
	}
	files := maps.Clone(r.Files)
	if files == nil {
		files = map[string][]byte{}
	}
	if _, own := files[agentFile]; !own {
		files[agentFile] = r.agent()
	}
	out := map[string][]byte{makefile: r.makefile(), "README": []byte(readme)}
	for name, content := range files {
		out[filesFolder+name] = content
	}
	for name, content := range r.Local {
		out[localFolder+"/"+name] = content
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(folder) // nothing is written beside it, whatever links lie there
	if err != nil {
		return err
	}
	defer root.Close() // everything was closed
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if err := write(root, filepath.FromSlash(name), out[name]); err != nil {
			return fmt.Errorf("recipe: %w", err)
		}
	}
	return nil
}

func write(root *os.Root, name string, content []byte) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	switch slash := filepath.ToSlash(name); {
	case slash == filesFolder+agentFile:
		mode = 0o600
	case strings.HasPrefix(slash, filesFolder+"/etc/uci-defaults/"), strings.HasPrefix(slash, filesFolder+"/etc/init.d/"), bytes.HasPrefix(content, []byte("#!")):
		mode = 0o755
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, bytes.NewReader(content))
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = root.Chmod(name, mode) // a file that was there kept its own
	}
	return err
}

// agent is the configuration of the agent, as UCI has it.
func (r *Recipe) agent() []byte {
	all := maps.Clone(r.Agent)
	if all == nil {
		all = map[string]string{}
	}
	all["url"] = r.URL
	if secret := r.SharedSecret.Reveal(); secret != "" {
		all["shared_secret"] = secret
	}
	var b strings.Builder
	b.WriteString("config controller 'http'\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "\toption %s '%s'\n", name, strings.ReplaceAll(all[name], "'", `'\''`))
	}
	return []byte(b.String())
}

// makefile calls the image builder by its own interface: make image.
func (r *Recipe) makefile() []byte {
	list := r.Packages
	if len(list) == 0 {
		list = []string{ConfigAgent, MonitoringAgent}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Images of OpenWrt for %s, %s. Run: make BUILDER=<folder of the unpacked image builder>\n", r.Target, r.Profile)
	fmt.Fprintf(&b, "TARGET := %s\nPROFILE := %s\nNAME := %s\nPACKAGES := %s\n", r.Target, r.Profile, r.Name, strings.Join(list, " "))
	b.WriteString(rules)
	return []byte(b.String())
}

const rules = `HERE := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
BUILDER ?= $(HERE)/builder

.PHONY: image
image:
	@[ -f "$(BUILDER)/Makefile" ] || { echo "BUILDER=$(BUILDER) is no image builder" >&2; exit 1; }
	@if [ -d "$(HERE)/packages" ]; then mkdir -p "$(BUILDER)/packages" && cp "$(HERE)"/packages/* "$(BUILDER)/packages/"; fi
	$(MAKE) -C "$(BUILDER)" image PROFILE="$(PROFILE)" PACKAGES="$(PACKAGES)" FILES="$(HERE)/files" EXTRA_IMAGE_NAME="$(NAME)" BIN_DIR="$(HERE)/images"
`

const readme = `make BUILDER=<folder of the image builder that fits the target> leaves the images in the folder images. Then
    wispwright image import images --category <its id>
makes a build of them. The folder files holds a secret: do not publish it.
`
