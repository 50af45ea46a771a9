//go:build !race

package commands_test

// raceDetector says that everything is several times slower than it is.
const raceDetector = false
