package password

import "strings"

// crypt(3) as Unix had it: 25 rounds of DES over zeros, with the password as the key
// and an expansion that twelve bits of salt change. Databases that are old enough
// have such hashes; none is made any more.

// cryptAlphabet are the 64 characters of salts and hashes, in their order.
const cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func isCryptText(s string) bool { return strings.Trim(s, cryptAlphabet) == "" }

// permute picks bits by their places, counted from 1.
func permute(bits []byte, places []byte) []byte {
	out := make([]byte, len(places))
	for i, p := range places {
		out[i] = bits[p-1]
	}
	return out
}

// cryptDES returns the salt with the eleven characters of the hash. Only eight
// characters of the password count.
func cryptDES(plain, salt string) string {
	key := make([]byte, 64)
	for i := range min(len(plain), 8) {
		for b := range 7 {
			key[8*i+b] = plain[i] >> (6 - b) & 1
		}
	}
	expansion := desExpansion()
	for i := range 2 {
		n := strings.IndexByte(cryptAlphabet, salt[i])
		for b := range 6 {
			if n>>b&1 == 1 {
				at := 6*i + b
				expansion[at], expansion[at+24] = expansion[at+24], expansion[at]
			}
		}
	}
	keys := desKeys(key)
	block := make([]byte, 66)
	for range 25 {
		copy(block, desBlock(block[:64], keys, expansion))
	}
	out := []byte(salt)
	for i := range 11 {
		n := 0
		for b := range 6 {
			n = n<<1 | int(block[6*i+b])
		}
		out = append(out, cryptAlphabet[n])
	}
	return string(out)
}

// desKeys are the keys of the sixteen rounds.
func desKeys(key []byte) (keys [16][]byte) {
	cd := permute(key, []byte{
		57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
		63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
	})
	for i := range keys {
		shifts := 2
		if i == 0 || i == 1 || i == 8 || i == 15 {
			shifts = 1
		}
		for range shifts {
			c, d := cd[0], cd[28]
			copy(cd[:27], cd[1:28])
			copy(cd[28:55], cd[29:56])
			cd[27], cd[55] = c, d
		}
		keys[i] = permute(cd, []byte{
			14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
			41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
		})
	}
	return keys
}

// desExpansion makes 48 bits of 32.
func desExpansion() []byte {
	out := make([]byte, 0, 48)
	for i := range 8 {
		for j := range 6 {
			out = append(out, byte((4*i+j+31)%32+1))
		}
	}
	return out
}

// desBlock encrypts a block of 64 bits, one in each byte.
func desBlock(block []byte, keys [16][]byte, expansion []byte) []byte {
	first := make([]byte, 0, 64)
	for _, start := range []int{58, 60, 62, 64, 57, 59, 61, 63} {
		for i := range 8 {
			first = append(first, byte(start-8*i))
		}
	}
	lr := permute(block, first)
	left, right := lr[:32], lr[32:]
	boxes := desBoxes()
	for _, key := range keys {
		e := permute(right, expansion)
		out := make([]byte, 0, 32)
		for i := range 8 {
			b := e[6*i : 6*i+6]
			k := key[6*i : 6*i+6]
			row := (b[0]^k[0])<<1 | b[5] ^ k[5]
			column := (b[1]^k[1])<<3 | (b[2]^k[2])<<2 | (b[3]^k[3])<<1 | b[4] ^ k[4]
			v := boxes[i][row][column]
			n := strings.IndexByte("0123456789abcdef", v)
			out = append(out, byte(n>>3&1), byte(n>>2&1), byte(n>>1&1), byte(n&1))
		}
		f := permute(out, []byte{
			16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
		})
		for i := range f {
			f[i] ^= left[i]
		}
		left, right = right, f
	}
	both := append(append(make([]byte, 0, 64), right...), left...)
	last := make([]byte, 0, 64)
	for i := range 8 {
		for _, start := range []int{40, 8, 48, 16, 56, 24, 64, 32} {
			last = append(last, byte(start-i))
		}
	}
	return permute(both, last)
}

// desBoxes are the substitutions, in hexadecimal.
func desBoxes() [8][4]string {
	return [8][4]string{
		{"e4d12fb83a6c5907", "0f74e2d1a6cb9538", "41e8d62bfc973a50", "fc8249175b3ea06d"},
		{"f18e6b34972dc05a", "3d47f28ec01a69b5", "0e7ba4d158c6932f", "d8a13f42b67c05e9"},
		{"a09e63f51dc7b428", "d709346a285ecbf1", "d6498f30b12c5ae7", "1ad069874fe3b52c"},
		{"7de3069a1285bc4f", "d8b56f03472c1ae9", "a690cb7df13e5284", "3f06a1d8945bc72e"},
		{"2c417ab6853fd0e9", "eb2c47d150fa3986", "421bad78f9c5630e", "b8c71e2d6f09a453"},
		{"c1af92680d34e75b", "af427c9561de0b38", "9ef528c3704a1db6", "432c95fabe17608d"},
		{"4b2ef08d3c975a61", "d0b7491ae35c2f86", "14bdc37eaf680592", "6bd814a7950fe23c"},
		{"d2846fb1a93e50c7", "1fd8a374c56b0e92", "7b419ce206adf358", "21e74a8dfc90356b"},
	}
}
