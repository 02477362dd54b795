// Package recipe writes what OpenWrt's image builder needs for images with the agent,
// and reads what it made of it.
//
// A Recipe is one target and profile with its packages, files and the settings of an
// organization. Write lays it out as a folder that is run over an unpacked image
// builder; Read finds the images, with their checksums, in the folder that the image
// builder filled, by its profiles.json.
package recipe
