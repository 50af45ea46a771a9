package sheet

import "fmt"

// Reason is why a file is refused. It is an error, so that a caller may ask
// errors.Is(err, sheet.HTMLPage).
type Reason string

// The reasons why a file is refused.
const (
	Empty            Reason = "empty file"
	HeaderOnly       Reason = "header without rows"
	TooLarge         Reason = "file too large"
	TooManyRows      Reason = "too many rows"
	TooManyColumns   Reason = "too many columns"
	TooMuchText      Reason = "too much text in a workbook"
	HTMLPage         Reason = "HTML page"
	XMLFile          Reason = "XML file"
	PDF              Reason = "PDF"
	RichText         Reason = "rich text"
	WordDocument     Reason = "Word document"
	OldExcel         Reason = "old Excel workbook (.xls)"
	BinaryExcel      Reason = "binary Excel workbook (.xlsb)"
	Protected        Reason = "password-protected workbook"
	Numbers          Reason = "Apple Numbers"
	OpenDocument     Reason = "OpenDocument spreadsheet"
	Archive          Reason = "archive"
	Image            Reason = "image"
	Binary           Reason = "binary file"
	Damaged          Reason = "damaged workbook"
	ZipBomb          Reason = "zip bomb"
	MixedEncoding    Reason = "mixed encodings"
	UnknownEncoding  Reason = "unknown encoding"
	UnknownSeparator Reason = "unknown separator"
)

// Error returns the reason in a few words, for logs.
func (r Reason) Error() string { return string(r) }

// Refusal says that a file as a whole cannot be used. Text is written for
// the person who sent it and holds no content of the file.
type Refusal struct {
	Reason Reason
	// Line is where it showed, from 1, or 0 where that means nothing.
	Line int
	// Text is what is wrong and what to do about it.
	Text string
}

// Error returns Text.
func (r *Refusal) Error() string { return r.Text }

// Unwrap returns the reason.
func (r *Refusal) Unwrap() error { return r.Reason }

const saveAsCSV = `Save it as "CSV UTF-8" or as an Excel workbook (.xlsx) and send that.`

func refuse(reason Reason) *Refusal {
	return &Refusal{Reason: reason, Text: refusalText(reason)}
}

func refuseAt(reason Reason, line int, format string, args ...any) *Refusal {
	return &Refusal{Reason: reason, Line: line, Text: fmt.Sprintf(format, args...)}
}

func refusalText(reason Reason) string {
	switch reason {
	case Empty:
		return "This file is empty. Fill in a header and at least one row, and send it again."
	case HeaderOnly:
		return "This file has a header but no rows. Add one row for each person and send it again."
	case HTMLPage:
		return "This is a web page, not a spreadsheet. It may be a sign-in page saved in place of the file, or a report " +
			"that was exported as a page with the ending .xls. Open it in Excel. " + saveAsCSV
	case XMLFile:
		return "This is an XML file, not a CSV. Open it in Excel. " + saveAsCSV
	case PDF:
		return "This is a PDF, not a spreadsheet. Send the spreadsheet that it was made from, as CSV or .xlsx."
	case RichText:
		return "This is a rich text document, not a spreadsheet. Copy the table into a spreadsheet. " + saveAsCSV
	case WordDocument:
		return "This is an Office document, not a spreadsheet. Copy the table into a spreadsheet. " + saveAsCSV
	case OldExcel:
		return "This is a workbook of Excel 97-2003 (.xls), which is not read here. Open it in Excel. " + saveAsCSV
	case BinaryExcel:
		return "This is a binary Excel workbook (.xlsb), which is not read here. Open it in Excel. " + saveAsCSV
	case Protected:
		return "This workbook is protected by a password. Open it in Excel, remove the password " +
			"(File, Info, Protect Workbook), save it and send it again."
	case Numbers:
		return "This is an Apple Numbers document. In Numbers choose File, Export To, CSV (with the encoding UTF-8) and send that."
	case OpenDocument:
		return "This is an OpenDocument spreadsheet, which is not read here. Open it in LibreOffice. " + saveAsCSV
	case Archive:
		return "This is a compressed archive. Unpack it and send the CSV or .xlsx file that is in it."
	case Image:
		return "This is an image, not a spreadsheet. Send the spreadsheet itself, as CSV or .xlsx."
	case Damaged:
		return "This workbook is damaged or was cut off on the way. Open it in Excel, save it under a new name and send that."
	case ZipBomb:
		return fmt.Sprintf("This workbook unpacks to far more than a list of people needs (over %d MB), so it is not opened. "+
			"Copy the rows into a new workbook, or save them as \"CSV UTF-8\", and send that.", maxUnzippedBytes>>20)
	case TooMuchText:
		return fmt.Sprintf("This workbook holds more than %d MB of text. Remove the columns that are not needed, "+
			"or save it as \"CSV UTF-8\" and send that.", maxSharedTextBytes>>20)
	default:
		return "This is not a spreadsheet that can be read here. Send a CSV or an Excel workbook (.xlsx)."
	}
}
