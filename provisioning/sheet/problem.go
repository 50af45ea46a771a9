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

// Place says in words where something is, such as "Line 17, column 3 (Email)"
// or, in a workbook, "Row 17, column C (Email)", for a caller's own problems.
// Column counts from 1; 0 means the whole row.
func (f *File) Place(line, column int) string {
	word := "Line"
	if f.format.Workbook {
		word = "Row"
	}
	place := fmt.Sprintf("%s %d", word, line)
	if column > 0 {
		place += ", " + f.columnName(column)
	}
	return place
}

// tally counts something and keeps the first line that has it.
type tally struct{ line, count int }

func (t *tally) add(line int) {
	if t.count == 0 {
		t.line = line
	}
	t.count++
}

func (f *File) tellAtEnd() {
	if f.lost.count > 0 {
		f.notices = append(f.notices, Notice{Line: f.lost.line, Text: fmt.Sprintf("%s: letters were lost when the file was saved earlier "+
			"(they show as \uFFFD; cells like this: %d). Retype them before you send it again.", f.Place(f.lost.line, 0), f.lost.count)})
	}
	if f.hidden.count > 0 {
		f.notices = append(f.notices, Notice{Line: f.hidden.line, Text: fmt.Sprintf("Row %d: the workbook hides rows, perhaps by a filter; "+
			"they are read like all others (hidden rows: %d).", f.hidden.line, f.hidden.count)})
	}
}

func (f *File) addFlaws(rec *record) {
	for _, one := range rec.flaws {
		f.addProblem(one.line, one.column, one.text)
	}
}

// addProblem completes the sentence with its place.
func (f *File) addProblem(line, column int, text string) {
	problem := Problem{Line: line, Column: column}
	if 0 < column && column <= len(f.header) {
		problem.Name = f.header[column-1]
	}
	problem.Text = f.Place(line, column) + ": " + text
	f.problems.add(problem)
}

// columnName says which column, from 1, in words: by number in a text file, by
// letters in a workbook, and by its name where it has one.
func (f *File) columnName(column int) string {
	where := fmt.Sprintf("column %d", column)
	if f.format.Workbook {
		where = "column " + columnLetters(column)
	}
	if column <= len(f.header) && f.header[column-1] != "" {
		where += " (" + shorten(f.header[column-1]) + ")"
	}
	return where
}

// shorten keeps a name that is no name from filling a sentence.
func shorten(name string) string {
	const longest = 40
	if runes := []rune(name); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return name
}
