// Package openwrt holds the netjsonconfig backends whose native format is UCI:
// OpenWrt, in the syntax of its releases since 21 (DSA) and in the older one,
// and the firmware of OpenWISP 1.
//
// Every value is quoted, so that none can end before its option does: what is
// written is read back as the same NetJSON.
package openwrt
