package agent

import (
	"archive/tar"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func readAll(t testing.TB, tree *Tree, name string) string {
	t.Helper()
	b, err := tree.ReadFile(name)
	require.NoError(t, err)
	if b == nil {
		return "(missing)"
	}
	return string(b)
}

// squeeze makes UCI text short: "lan=interface proto=dhcp dns+=1 …".
func squeeze(t testing.TB, tree *Tree, name string) string {
	t.Helper()
	p := readPackage(tree, name)
	if p == nil {
		return "(missing)"
	}
	var words []string
	for _, s := range p.Sections {
		words = append(words, s.Name+"="+s.Type)
		for _, o := range s.Options {
			sign := "="
			if o.List {
				sign = "+="
			}
			words = append(words, o.Key+sign+strings.Join(o.Values, ","))
		}
	}
	return strings.Join(words, " ")
}

func TestMergingUCI(t *testing.T) {
	const network = "/etc/config/network"
	type archive = map[string]string
	for name, c := range map[string]struct {
		local    string // of network, "-" for none
		archives []archive
		want     string
	}{
		"options overridden, kept and added": {
			"config interface 'lan'\n\toption proto 'dhcp'\n\toption ifname 'eth0'\n",
			[]archive{{"etc/config/network": "config interface lan\noption proto static\noption ipaddr 1.2.3.4\n"}},
			"lan=interface proto=static ifname=eth0 ipaddr=1.2.3.4",
		},
		"lists are replaced, not joined": {
			"config interface 'lan'\n\tlist dns '1'\n\tlist dns '2'\n",
			[]archive{{"etc/config/network": "config interface lan\nlist dns 2\nlist dns 3\n"}},
			"lan=interface dns+=2,3",
		},
		"the same twice changes nothing": {
			"config interface 'lan'\n\tlist dns '1'\n",
			[]archive{{"etc/config/network": "config interface lan\nlist dns 2\n"}, {"etc/config/network": "config interface lan\nlist dns 2\n"}},
			"lan=interface dns+=2",
		},
		"a list that is gone goes": {
			"config interface 'lan'\n\toption proto 'dhcp'\n",
			[]archive{{"etc/config/network": "config interface lan\nlist dns 2\noption mtu 1\n"}, {"etc/config/network": "config interface lan\noption mtu 1\n"}},
			"lan=interface proto=dhcp mtu=1",
		},
		"an option that is gone gets its own value back": {
			"config interface 'lan'\n\toption proto 'dhcp'\n",
			[]archive{{"etc/config/network": "config interface lan\noption proto static\noption mtu 1\n"}, {"etc/config/network": "config interface lan\noption mtu 1\n"}},
			"lan=interface proto=dhcp mtu=1",
		},
		"a section that is gone goes, with what was set": {
			"config interface 'lan'\n\toption proto 'dhcp'\n",
			[]archive{{"etc/config/network": "config interface wan\noption proto static\n\nconfig interface lan\noption mtu 1\n"}, {"etc/config/network": "config interface lan\noption mtu 1\n"}},
			"lan=interface proto=dhcp mtu=1",
		},
		"a local option in a section of the controller stays": {
			"config interface 'lan'\n",
			[]archive{{"etc/config/network": "config interface wan\noption proto static\n"}, {}},
			"lan=interface",
		},
		"an own section comes back": {
			"config interface 'lan'\n\toption proto 'dhcp'\n\toption ifname 'eth0'\n",
			[]archive{{"etc/config/network": "config bridge lan\noption proto static\noption x 1\n"}, {}},
			"lan=interface ifname=eth0 proto=dhcp",
		},
		"a file of the controller only disappears": {
			"-", []archive{{"etc/config/network": "config a b\noption c d\n"}, {}}, "(missing)",
		},
		"also after its second version": {
			"-", []archive{{"etc/config/network": "config a b\noption c d\n"}, {"etc/config/network": "config a b\noption c e\n"}, {}}, "(missing)",
		},
		"the section's type changes": {
			"config interface 'lan'\n\toption proto 'dhcp'\n",
			[]archive{{"etc/config/network": "config alias lan\n"}},
			"lan=alias proto=dhcp",
		},
		"empty values are not there": {
			"config interface 'lan'\n\toption proto 'dhcp'\n",
			[]archive{{"etc/config/network": "config interface lan\noption proto ''\noption mtu ''\n"}},
			"lan=interface proto=dhcp",
		},
		"an option that becomes empty gets its own value back": {
			"config interface 'lan'\n\toption proto 'dhcp'\n",
			[]archive{{"etc/config/network": "config interface lan\noption proto static\noption mtu 1\n"}, {"etc/config/network": "config interface lan\noption proto ''\noption mtu ''\n"}},
			"lan=interface proto=dhcp",
		},
		"anonymous sections are added once": {
			"config interface 'lan'\n",
			[]archive{{"etc/config/network": "config rule\noption in lan\n"}, {"etc/config/network": "config rule\noption in lan\n"}},
			"lan=interface =rule in=lan",
		},
		"anonymous sections that are gone go": {
			"config interface 'lan'\n",
			[]archive{{"etc/config/network": "config rule\noption in lan\n"}, {"etc/config/network": "config interface lan\noption a 1\n"}},
			"lan=interface a=1",
		},
		"an empty archive file is fine": {
			"config interface 'lan'\n", []archive{{"etc/config/network": ""}}, "lan=interface",
		},
	} {
		t.Run(name, func(t *testing.T) {
			tree := sandbox(t, nil)
			if c.local != "-" {
				put(t, tree.dir, network, c.local)
			}
			for _, a := range c.archives {
				apply(t, tree, pack(t, a))
			}
			require.Equal(t, c.want, squeeze(t, tree, "network"))
		})
	}
}

// TestUnreadableLocalFiles have a line with a slip, or a name that libuci
// refuses: they stay as they are, whatever the controller brings and takes away.
func TestUnreadableLocalFiles(t *testing.T) {
	const network, sound = "/etc/config/network", "config interface 'lan'\n\toption proto 'dhcp'\n"
	brought := map[string]string{"etc/config/network": "config interface lan\noption mtu 1\n", "etc/config/system": "config system system\noption a b\n", "etc/x": "y"}
	for name, damaged := range map[string]string{
		"quotes": "config interface 'lan\n\toption proto 'dhcp'\n", "name": "config interface 'la-n'\n\toption proto 'dhcp'\n", "words": "config interface lan\nopton proto dhcp\n",
	} {
		t.Run(name, func(t *testing.T) {
			tree := sandbox(t, map[string]string{network: damaged})
			var warned []string
			u := &Updater{Tree: tree, Unmanaged: []string{"network.lan"}, Warn: func(format string, args ...any) { warned = append(warned, fmt.Sprintf(format, args...)) }}
			update := func(files map[string]string) []string {
				applied, err := u.Apply(pack(t, files))
				require.NoError(t, err)
				require.NoError(t, applied.Commit())
				return applied.Left()
			}
			require.Equal(t, []string{network}, update(brought))
			require.Equal(t, damaged, readAll(t, tree, network))
			require.Equal(t, "system=system a=b", squeeze(t, tree, "system"), "the rest is applied")
			require.Equal(t, "y", readAll(t, tree, "/etc/x"))
			require.Contains(t, strings.Join(warned, "\n"), "The local file /etc/config/network is not valid UCI and is left as it is: ")
			require.Empty(t, update(nil), "nothing of the controller is in it")
			require.Equal(t, damaged, readAll(t, tree, network))

			// mended, managed, damaged again, and the controller takes it all away
			put(t, tree.dir, network, sound)
			u.Unmanaged = nil
			require.Empty(t, update(brought))
			put(t, tree.dir, network, damaged)
			require.Equal(t, []string{network}, update(nil))
			require.Equal(t, damaged, readAll(t, tree, network))
			put(t, tree.dir, network, "config interface 'lan'\n\toption proto 'dhcp'\n\toption mtu '1'\n")
			require.Empty(t, update(nil))
			require.Equal(t, "lan=interface proto=dhcp", squeeze(t, tree, "network"), "taken back once it can be read")
		})
	}
}

func TestOverwritingAnUnreadableFile(t *testing.T) {
	const damaged = "config interface 'lan\n"
	tree := sandbox(t, map[string]string{"/etc/config/network": damaged})
	u := &Updater{Tree: tree, Overwrite: true}
	for _, files := range []map[string]string{{"etc/config/network": "config interface 'wan'\n"}, {}} {
		applied, err := u.Apply(pack(t, files))
		require.NoError(t, err)
		require.NoError(t, applied.Commit())
		require.Empty(t, applied.Left())
		if len(files) > 0 {
			require.Equal(t, "config interface 'wan'\n", readAll(t, tree, "/etc/config/network"))
		}
	}
	require.Equal(t, damaged, readAll(t, tree, "/etc/config/network"), "the original comes back as it was")
}

// TestALostState is an agent installed anew over the files an earlier one wrote.
func TestALostState(t *testing.T) {
	const network = "/etc/config/network"
	guest := map[string]string{
		"etc/config/network": "config interface 'guest'\n\toption proto 'none'\n\tlist dns '1'\n\nconfig rule\n\toption in 'guest'\n", "etc/key": "theirs\n",
	}
	for _, lost := range []string{stateDir, remoteDir, checksumFile} {
		tree := sandbox(t, map[string]string{network: "config interface 'lan'\n\toption proto 'dhcp'\n", checksumFile: "x\n"})
		u := &Updater{Tree: tree}
		update := func(files map[string]string) {
			_, err := u.Prepare()
			require.NoError(t, err)
			apply(t, tree, pack(t, files))
		}
		update(guest)
		if lost != remoteDir { // the agent's copies go together
			require.NoError(t, os.RemoveAll(tree.dir+lost))
		}
		update(guest)
		require.Equal(t, 1, strings.Count(readAll(t, tree, network), "option in"), "what is there is not added twice")
		update(map[string]string{"etc/config/network": "config interface 'mgmt'\n\toption proto 'none'\n"})
		require.Equal(t, "lan=interface proto=dhcp mgmt=interface proto=none", squeeze(t, tree, "network"), lost)
		require.Equal(t, "(missing)", readAll(t, tree, "/etc/key"), lost)
	}
}

func TestModesOfNewFiles(t *testing.T) {
	tree := sandbox(t, map[string]string{"/etc/config/system": "config system 'system'\n"})
	require.NoError(t, os.Chmod(tree.dir+"/etc/config/system", 0o600))
	apply(t, tree, packHeaders(t, []tar.Header{
		{Name: "etc/config/network", Typeflag: tar.TypeReg, Mode: 0o600}, {Name: "etc/config/system", Typeflag: tar.TypeReg, Mode: 0o644, Size: 23},
		{Name: "etc/secret", Typeflag: tar.TypeReg, Mode: 0o600},
	}, map[string]string{"etc/config/system": "config system 'system'\n"}))
	for name, mode := range map[string]fs.FileMode{"/etc/config/network": 0o644, "/etc/config/system": 0o600, "/etc/secret": 0o600} {
		info, err := os.Stat(tree.dir + name)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode(), name)
	}
}

func TestOverwritingUCI(t *testing.T) {
	tree := sandbox(t, map[string]string{
		"/etc/config/network":  "config interface 'lan'\n\toption proto 'dhcp'\n",
		"/etc/config/system":   "config system 'system'\n\toption hostname 'here'\n",
		"/etc/config/openwisp": "config controller 'http'\n\toption uuid 'u'\n\toption key 'k'\n",
	})
	u := &Updater{Tree: tree, Overwrite: true}
	applied, err := u.Apply(pack(t, map[string]string{
		"etc/config/network": "config interface 'wan'\n", "etc/config/system": "config system 'system'\n",
		"etc/config/openwisp": "config controller 'http'\n\toption interval '30'\n",
	}))
	require.NoError(t, err)
	require.NoError(t, applied.Commit())
	require.Equal(t, "config interface 'wan'\n", readAll(t, tree, "/etc/config/network"))
	// both originals were kept before the first file was written
	require.Contains(t, readAll(t, tree, storedDir+"/etc/config/network"), "dhcp")
	require.Contains(t, readAll(t, tree, storedDir+"/etc/config/system"), "here")
	require.Equal(t, "http=controller uuid=u key=k interval=30", squeeze(t, tree, "openwisp"), "the device does not forget who it is")
}

func TestOtherFiles(t *testing.T) {
	tree := sandbox(t, map[string]string{"/etc/own": "mine\n", "/etc/run": "#!/bin/sh\nmine\n"})
	apply(t, tree, pack(t, map[string]string{"etc/own": "theirs\n", "etc/run": "theirs\n", "etc/new/file": "1\n"}))
	require.Equal(t, "theirs\n", readAll(t, tree, "/etc/own"))
	require.Equal(t, "/etc/new/file\n", readAll(t, tree, addedList))
	require.Equal(t, "/etc/own\n/etc/run\n", readAll(t, tree, modifiedList))
	require.Equal(t, "mine\n", readAll(t, tree, storedDir+"/etc/own"))
	info, err := os.Stat(tree.dir + "/etc/run")
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o755), info.Mode(), "an existing file keeps its mode")

	apply(t, tree, pack(t, map[string]string{"etc/own": "theirs 2\n", "etc/new/file": "2\n"}))
	require.Equal(t, "mine\n", readAll(t, tree, storedDir+"/etc/own"), "the first version wins")
	require.Equal(t, "#!/bin/sh\nmine\n", readAll(t, tree, "/etc/run"))
	require.Equal(t, "2\n", readAll(t, tree, "/etc/new/file"))

	require.NoError(t, os.Remove(tree.dir+storedDir+"/etc/own"))
	apply(t, tree, pack(t, nil))
	require.Equal(t, "theirs 2\n", readAll(t, tree, "/etc/own"), "a lost original is no reason to fail")
	require.Equal(t, "(missing)", readAll(t, tree, "/etc/new/file"))
	require.Equal(t, "", readAll(t, tree, addedList))
	require.Equal(t, "", readAll(t, tree, modifiedList))
	require.False(t, tree.exists(storedDir+"/etc"), "empty folders of the agent's copies go")
}

func TestBadUCIChangesNothing(t *testing.T) {
	for name, content := range map[string]string{
		"quotes": "config interface lan 'oops\n", "name": "config interface 'la-n'\n", "option": "option x y\n",
	} {
		t.Run(name, func(t *testing.T) {
			tree := prepared(t)
			old := picture(t, tree)
			_, err := (&Updater{Tree: tree}).Apply(pack(t, map[string]string{"etc/config/network": content, "etc/x": "y"}))
			var invalid *InvalidFileError
			require.ErrorAs(t, err, &invalid)
			require.Equal(t, 2, UpdaterExit(err))
			require.Equal(t, "ERROR: invalid UCI configuration file: network", err.Error())
			require.Equal(t, old, picture(t, tree))
		})
	}
	_, err := (&Updater{Tree: prepared(t)}).Apply(pack(t, map[string]string{"etc/config/a.b": ""}))
	require.ErrorContains(t, err, "invalid UCI configuration file: a.b")
}

func TestDestinationsThatAreNoFiles(t *testing.T) {
	tree := prepared(t)
	old := picture(t, tree)
	_, err := (&Updater{Tree: tree}).Apply(pack(t, map[string]string{"etc/a": "x", "etc/config": "y"}))
	require.ErrorIs(t, err, errNotRegular)
	_, err = (&Updater{Tree: tree}).Apply(pack(t, map[string]string{"etc/a": "x", "etc/profile/x": "y"}))
	require.Error(t, err, "a file where a folder should be")
	require.Equal(t, old, picture(t, tree))
}

func TestPlan(t *testing.T) {
	tree := prepared(t)
	old := picture(t, tree)
	lines, err := (&Updater{Tree: tree}).Plan(newArchive(t))
	require.NoError(t, err)
	require.Equal(t, []string{"~ /etc/banner", "~ /etc/config/network", "- /etc/config/only", "+ /etc/config/wireless",
		"- /etc/deep/er/file", "~ /etc/profile", "~ /etc/stays", "+ /www/a/b/c.html"}, lines)
	require.Equal(t, old, picture(t, tree))
}

func TestUnmanaged(t *testing.T) {
	require.Equal(t, []string{"network.lan", "system.@led", "network.loopback"}, ParseUnmanaged(`'network.lan',"system.@led" network.loopback, nodot .x x.`))
	for name, c := range map[string]struct{ list, want string }{
		"by name": {"network.lan", "wan=interface proto=dhcp x=1 lan=interface dns+=1 proto=dhcp"},
		"by type": {"network.@interface", "lan=interface dns+=1 proto=dhcp wan=interface proto=dhcp"},
		"missing": {"network.none,other.thing,network.@none", "lan=interface proto=static dns+=2,3 ip=4 wan=interface proto=dhcp x=1"},
	} {
		t.Run(name, func(t *testing.T) {
			tree := sandbox(t, map[string]string{
				"/etc/config/network": "config interface 'lan'\n\toption proto 'dhcp'\n\tlist dns '1'\n\nconfig interface 'wan'\n\toption proto 'dhcp'\n",
			})
			u := &Updater{Tree: tree, Unmanaged: ParseUnmanaged(c.list)}
			for range 2 {
				applied, err := u.Apply(pack(t, map[string]string{
					"etc/config/network": "config interface lan\noption proto static\nlist dns 2\nlist dns 3\noption ip 4\n\nconfig interface wan\noption x 1\n",
				}))
				require.NoError(t, err)
				require.NoError(t, applied.Commit())
				require.Equal(t, c.want, squeeze(t, tree, "network"))
			}
		})
	}
}

func TestNamingSections(t *testing.T) {
	files := map[string]string{
		"/etc/config/firewall": "config defaults\n\nconfig zone\n\nconfig zone 'zone1'\n\nconfig zone\n",
		"/etc/config/network": "config globals\n\nconfig device\n\toption name 'br-lan.1'\n\nconfig interface 'lan'\n\toption device 'br-lan'\n\n" +
			"config route\n\nconfig route6\n\nconfig route 'route3'\n\nconfig route\n\nconfig switch\n\toption name 'switch0'\n\n" +
			"config switch_vlan\n\toption device 'switch0'\n\toption vlan '1'\n\nconfig switch_port\n\toption device 'switch0'\n\toption port '2'\n\nconfig device\n",
		"/etc/config/system":   "config system\n\toption hostname 'x'\n\nconfig led\n\toption name 'WAN-1 x'\n\nconfig led\n\toption name 'wan_1 X'\n\nconfig timeserver 'ntp'\n",
		"/etc/config/wireless": "config wifi-iface\n\toption ifname 'wlan0-1'\n\nconfig wifi-iface\n\toption network 'lan'\n\nconfig wifi-iface\n\toption network 'none'\n\nconfig wifi-iface\n",
		"/etc/config/zz":       "config some-type.x\n",
	}
	tree := sandbox(t, files)
	u := &Updater{Tree: tree}
	renamed, err := u.Prepare()
	require.NoError(t, err)
	require.Equal(t, []string{
		"firewall.defaults", "firewall.zone2", "firewall.zone3",
		"network.globals", "network.device_lan_1", "network.route1", "network.route2", "network.route4", "network.switch0", "network.switch0_vlan1", "network.switch0_port2", "network.device1",
		"system.system", "system.led_wan_1_x", "system.led_wan_1_x_1",
		"wireless.wifi_wlan0_1", "wireless.wifi_br_lan", "wireless.wifi_iface1", "wireless.wifi_iface2",
		"zz.some_type_x1",
	}, renamed)
	require.Equal(t, "defaults=defaults zone2=zone zone1=zone zone3=zone", squeeze(t, tree, "firewall"), "places are kept")
	for name := range files {
		text := readAll(t, tree, name)
		require.NotContains(t, text, "\r")
		require.NotRegexp(t, `(?m)^config \S+$`, text)
	}
	before := picture(t, tree)
	renamed, err = u.Prepare()
	require.NoError(t, err)
	require.Empty(t, renamed, "a second run has nothing to do")
	require.Equal(t, before, picture(t, tree))
}

func TestNamingLeavesDamagedFilesAlone(t *testing.T) {
	tree := sandbox(t, map[string]string{"/etc/config/a": "config 'x\n", "/etc/config/b": "config x\n"})
	warned := ""
	renamed, err := (&Updater{Tree: tree, Warn: func(format string, _ ...any) { warned = format }}).Prepare()
	require.NoError(t, err)
	require.Equal(t, []string{"b.x1"}, renamed)
	require.NotEmpty(t, warned)
	require.Equal(t, "config 'x\n", readAll(t, tree, "/etc/config/a"))
}

func TestDefaultWifi(t *testing.T) {
	section := func(network, mode, ssid, encryption string) string {
		return "config wifi-iface\n\toption network '" + network + "'\n\toption mode '" + mode + "'\n\toption ssid '" + ssid + "'\n\toption encryption '" + encryption + "'\n"
	}
	for text, goes := range map[string]bool{
		section("lan", "ap", "OpenWrt", "none"):                                        true,
		section("lan", "ap", "LEDE", "none"):                                           true,
		section("wan", "ap", "OpenWrt", "none"):                                        false,
		section("lan", "sta", "OpenWrt", "none"):                                       false,
		section("lan", "ap", "openwrt", "none"):                                        false,
		section("lan", "ap", "OpenWrt", "psk2"):                                        false,
		strings.Replace(section("lan", "ap", "OpenWrt", "none"), "iface", "device", 1): false,
	} {
		tree := sandbox(t, map[string]string{"/etc/config/wireless": text + "\nconfig wifi-device 'radio0'\n"})
		require.NoError(t, (&Updater{Tree: tree}).RemoveDefaultWifi())
		sections := len(readPackage(tree, "wireless").Sections)
		require.Equal(t, goes, sections == 1, text)
	}
	require.NoError(t, (&Updater{Tree: sandbox(t, nil)}).RemoveDefaultWifi(), "without wireless")
}

func BenchmarkApplyUnchanged(b *testing.B) {
	tree := prepared(b)
	archive := oldArchive(b)
	u := &Updater{Tree: tree}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := u.Plan(archive); err != nil {
			b.Fatal(err)
		}
	}
}
