package agent

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// Devices have from 32 MiB of memory, of which the system takes most; the kernel
// ends a program that takes more than there is. What the agent holds is bounded
// by shares of the whole.
const (
	// smallDevice is the memory below which the collector works harder.
	smallDevice = 256 << 20
	// heapShare of the memory is what the program may take before the collector
	// runs all the time, and leastHeap what it needs in any case.
	heapShare, leastHeap = 4, 10 << 20
	// archiveShare bounds an unpacked archive, which an update holds up to three
	// times (new, old and local files), and leastArchive what may be relied upon.
	archiveShare, leastArchive = 12, 1 << 20
)

// Memory returns the device's memory in bytes as /proc/meminfo has it; 0 when
// that is unknown.
func (t *Tree) Memory() int64 {
	content, err := os.ReadFile(t.dir + "/proc/meminfo") // longer than its size says: no regular file
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(content)) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "MemTotal:" {
			continue
		}
		kib, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil || kib < 0 || kib > 1<<40 {
			return 0
		}
		return kib << 10
	}
	return 0
}

// limitsFor returns what an archive may have on a device with so many bytes of
// memory; 0, for unknown, means the defaults.
func limitsFor(memory int64) Limits {
	if memory <= 0 {
		return Limits{}
	}
	return Limits{Bytes: min(defaultMaxUnpacked, max(leastArchive, memory/archiveShare))}
}

// FitMemory bounds the memory of the whole program when the tree is a small
// device's, unless the environment does ($GOMEMLIMIT). It is for programs that
// are nothing but the agent.
func (t *Tree) FitMemory() {
	memory := t.Memory()
	if memory <= 0 || memory >= smallDevice || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetMemoryLimit(max(leastHeap, memory/heapShare))
	debug.SetGCPercent(25)
}
