package sheet

import (
	"fmt"
	"strings"
)

// MaxProblems is how many problems are listed; the rest is counted. More than
// that nobody mends by hand, and the cause is one and the same.
const MaxProblems = 100

// Problem is one fault in a file that a person must mend.
type Problem struct {
	// Line is where the fault is: the physical line of a text file or the
	// row of a workbook, from 1.
	Line int
	// Column counts from 1; 0 means the whole row.
	Column int
	// Name is the column's name in the header, empty if it has none.
	Name string
	// Text is a full sentence: place, fault and what to do. Of the file's
	// content it holds names of columns only.
	Text string
}

// Problems is the error at the end of a file that has faults.
type Problems struct {
	// List holds the first MaxProblems faults: those of the header, then
	// those of the rows in order.
	List []Problem
	// More is how many faults were found beyond List.
	More int
}

// Count returns how many problems there are, listed or not.
func (p *Problems) Count() int { return len(p.List) + p.More }

// Error returns all listed sentences, one a line, and how many more there are.
func (p *Problems) Error() string {
	var b strings.Builder
	for i, one := range p.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(one.Text)
	}
	if p.More > 0 {
		fmt.Fprintf(&b, "\nand %d more", p.More)
	}
	return b.String()
}

func (p *Problems) add(one Problem) {
	if len(p.List) >= MaxProblems {
		p.More++
		return
	}
	p.List = append(p.List, one)
}

// Notice is something that was decided for the person and that they should
// see, such as an encoding that had to be assumed.
type Notice struct {
	// Line is the first line where it mattered, or 0 for the whole file.
	Line int
	// Text is a full sentence, which names the line if there is one.
	Text string
}

// flaw is a problem before its column has a name and its sentence a place.
type flaw struct {
	line   int
	column int
	text   string
}
