package commands

import "strings"

// nearest returns the word that was probably meant, or nothing when none is near: two slips at most, and fewer than half of the
// letters.
func nearest(typed string, words []string) string {
	typed = strings.ToLower(typed)
	best, least := "", 3
	for _, w := range words {
		d := slips(typed, w)
		if len(typed) > 2 && strings.HasPrefix(w, typed) {
			d = 1
		}
		if d < least && 2*d <= len(w) {
			best, least = w, d
		}
	}
	return best
}

// slips counts the letters that were left out, added, changed or swapped with their neighbour (optimal string alignment distance).
// Words longer than any command count as far away.
func slips(a, b string) int {
	const longest = 40
	if len(a) > longest || len(b) > longest {
		return longest
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
