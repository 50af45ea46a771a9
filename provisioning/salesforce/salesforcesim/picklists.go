package salesforcesim

import "strings"

// portalRoles returns the values of User.PortalRole, "User" page of the Object Reference.
func portalRoles() []string { return []string{roleExecutive, roleManager, roleWorker, rolePerson} }

// userTypes returns the values of User.UserType, same page.
func userTypes() []string {
	return []string{
		typeStandard, typePowerPartner, typePowerCustomer, typeCustomerSuccess, typeHighVolume,
		"CsnOnly", "Guest", "SelfService", "AutomatedProcess", "CloudIntegrationUser",
	}
}

const (
	roleExecutive = "Executive"
	roleManager   = "Manager"
	roleWorker    = "Worker"
	rolePerson    = "PersonAccount"

	typeStandard        = "Standard"
	typePowerPartner    = "PowerPartner"
	typePowerCustomer   = "PowerCustomerSuccess"
	typeCustomerSuccess = "CustomerSuccess"
	typeHighVolume      = "CspLitePortal"
)

// same returns picklist values whose labels are the values themselves.
func same(values ...string) []PicklistValue {
	out := make([]PicklistValue, len(values))
	for i, v := range values {
		out[i] = PicklistValue{Value: v, Label: v}
	}
	return out
}

// labelled returns picklist values from lines of "value|label".
func labelled(lines string) []PicklistValue {
	var out []PicklistValue
	for line := range strings.SplitSeq(strings.TrimSpace(lines), "\n") {
		value, label, _ := strings.Cut(line, "|")
		out = append(out, PicklistValue{Value: value, Label: label})
	}
	return out
}

func encodings() []PicklistValue {
	return labelled(`
UTF-8|Unicode (UTF-8)
ISO-8859-1|General US & Western Europe (ISO-8859-1, ISO-LATIN-1)
Shift_JIS|Japanese (Shift-JIS)
ISO-2022-JP|Japanese (JIS)
EUC-JP|Japanese (EUC)
ks_c_5601-1987|Korean (ks_c_5601-1987)
Big5|Traditional Chinese (Big5)
GB2312|Simplified Chinese (GB2312)
Big5-HKSCS|Traditional Chinese Hong Kong (Big5-HKSCS)
x-SJIS_0213|Japanese (Shift-JIS_2004)`)
}

func currencies() []PicklistValue {
	return labelled(`
USD|U.S. Dollar
EUR|Euro
GBP|British Pound
JPY|Japanese Yen
CHF|Swiss Franc
CAD|Canadian Dollar
AUD|Australian Dollar`)
}

func languages() []PicklistValue {
	return labelled(`
en_US|English
de|German
es|Spanish
fr|French
it|Italian
ja|Japanese
sv|Swedish
ko|Korean
zh_TW|Chinese (Traditional)
zh_CN|Chinese (Simplified)
pt_BR|Portuguese (Brazil)
nl_NL|Dutch
da|Danish
th|Thai
fi|Finnish
ru|Russian
es_MX|Spanish (Mexico)
no|Norwegian
hu|Hungarian
pl|Polish
cs|Czech
tr|Turkish
in|Indonesian
ro|Romanian
vi|Vietnamese
uk|Ukrainian
iw|Hebrew
el|Greek
bg|Bulgarian
en_GB|English (UK)
ar|Arabic
sk|Slovak
pt_PT|Portuguese (European)
hr|Croatian
sl|Slovenian
fr_CA|French (Canadian)`)
}

func locales() []PicklistValue {
	return labelled(`
ar|Arabic
ar_AE|Arabic (United Arab Emirates)
ar_EG|Arabic (Egypt)
ar_SA|Arabic (Saudi Arabia)
bg|Bulgarian
bg_BG|Bulgarian (Bulgaria)
ca|Catalan
ca_ES|Catalan (Spain)
cs|Czech
cs_CZ|Czech (Czechia)
da|Danish
da_DK|Danish (Denmark)
de|German
de_AT|German (Austria)
de_CH|German (Switzerland)
de_DE|German (Germany)
de_LU|German (Luxembourg)
el|Greek
el_GR|Greek (Greece)
en_AU|English (Australia)
en_CA|English (Canada)
en_GB|English (United Kingdom)
en_HK|English (Hong Kong SAR China)
en_IE|English (Ireland)
en_IN|English (India)
en_NZ|English (New Zealand)
en_PH|English (Philippines)
en_SG|English (Singapore)
en_US|English (United States)
en_ZA|English (South Africa)
es|Spanish
es_AR|Spanish (Argentina)
es_CL|Spanish (Chile)
es_CO|Spanish (Colombia)
es_ES|Spanish (Spain)
es_MX|Spanish (Mexico)
es_PE|Spanish (Peru)
es_US|Spanish (United States)
et_EE|Estonian (Estonia)
eu_ES|Basque (Spain)
fi|Finnish
fi_FI|Finnish (Finland)
fr|French
fr_BE|French (Belgium)
fr_CA|French (Canada)
fr_CH|French (Switzerland)
fr_FR|French (France)
fr_LU|French (Luxembourg)
ga_IE|Irish (Ireland)
hr_HR|Croatian (Croatia)
hu|Hungarian
hu_HU|Hungarian (Hungary)
in_ID|Indonesian (Indonesia)
is_IS|Icelandic (Iceland)
it|Italian
it_CH|Italian (Switzerland)
it_IT|Italian (Italy)
iw|Hebrew
iw_IL|Hebrew (Israel)
ja|Japanese
ja_JP|Japanese (Japan)
ko|Korean
ko_KR|Korean (South Korea)
lt_LT|Lithuanian (Lithuania)
lv_LV|Latvian (Latvia)
ms_MY|Malay (Malaysia)
nl|Dutch
nl_BE|Dutch (Belgium)
nl_NL|Dutch (Netherlands)
no|Norwegian
no_NO|Norwegian (Norway)
pl|Polish
pl_PL|Polish (Poland)
pt_BR|Portuguese (Brazil)
pt_PT|Portuguese (Portugal)
ro_RO|Romanian (Romania)
ru|Russian
ru_RU|Russian (Russia)
sk_SK|Slovak (Slovakia)
sl_SI|Slovenian (Slovenia)
sr_RS|Serbian (Cyrillic) (Serbia)
sv|Swedish
sv_SE|Swedish (Sweden)
th|Thai
th_TH|Thai (Thailand)
tr|Turkish
tr_TR|Turkish (Turkey)
uk|Ukrainian
uk_UA|Ukrainian (Ukraine)
vi|Vietnamese
vi_VN|Vietnamese (Vietnam)
zh|Chinese
zh_CN|Chinese (Simplified, China)
zh_HK|Chinese (Traditional, Hong Kong SAR China)
zh_TW|Chinese (Traditional, Taiwan)`)
}

func timeZones() []PicklistValue {
	return labelled(`
Pacific/Kiritimati|(GMT+14:00) Line Islands Time (Pacific/Kiritimati)
Pacific/Tongatapu|(GMT+13:00) Tonga Standard Time (Pacific/Tongatapu)
Pacific/Auckland|(GMT+13:00) New Zealand Daylight Time (Pacific/Auckland)
Pacific/Fiji|(GMT+12:00) Fiji Standard Time (Pacific/Fiji)
Pacific/Norfolk|(GMT+12:00) Norfolk Island Daylight Time (Pacific/Norfolk)
Australia/Sydney|(GMT+11:00) Australian Eastern Daylight Time (Australia/Sydney)
Australia/Adelaide|(GMT+10:30) Australian Central Daylight Time (Australia/Adelaide)
Australia/Brisbane|(GMT+10:00) Australian Eastern Standard Time (Australia/Brisbane)
Australia/Darwin|(GMT+09:30) Australian Central Standard Time (Australia/Darwin)
Asia/Tokyo|(GMT+09:00) Japan Standard Time (Asia/Tokyo)
Asia/Seoul|(GMT+09:00) Korean Standard Time (Asia/Seoul)
Australia/Perth|(GMT+08:00) Australian Western Standard Time (Australia/Perth)
Asia/Hong_Kong|(GMT+08:00) Hong Kong Standard Time (Asia/Hong_Kong)
Asia/Kuala_Lumpur|(GMT+08:00) Malaysia Time (Asia/Kuala_Lumpur)
Asia/Manila|(GMT+08:00) Philippine Standard Time (Asia/Manila)
Asia/Shanghai|(GMT+08:00) China Standard Time (Asia/Shanghai)
Asia/Singapore|(GMT+08:00) Singapore Standard Time (Asia/Singapore)
Asia/Taipei|(GMT+08:00) Taipei Standard Time (Asia/Taipei)
Asia/Bangkok|(GMT+07:00) Indochina Time (Asia/Bangkok)
Asia/Ho_Chi_Minh|(GMT+07:00) Indochina Time (Asia/Ho_Chi_Minh)
Asia/Jakarta|(GMT+07:00) Western Indonesia Time (Asia/Jakarta)
Asia/Rangoon|(GMT+06:30) Myanmar Time (Asia/Rangoon)
Asia/Dhaka|(GMT+06:00) Bangladesh Standard Time (Asia/Dhaka)
Asia/Kathmandu|(GMT+05:45) Nepal Time (Asia/Kathmandu)
Asia/Colombo|(GMT+05:30) India Standard Time (Asia/Colombo)
Asia/Kolkata|(GMT+05:30) India Standard Time (Asia/Kolkata)
Asia/Karachi|(GMT+05:00) Pakistan Standard Time (Asia/Karachi)
Asia/Tashkent|(GMT+05:00) Uzbekistan Standard Time (Asia/Tashkent)
Asia/Yekaterinburg|(GMT+05:00) Yekaterinburg Standard Time (Asia/Yekaterinburg)
Asia/Kabul|(GMT+04:30) Afghanistan Time (Asia/Kabul)
Asia/Baku|(GMT+04:00) Azerbaijan Standard Time (Asia/Baku)
Asia/Dubai|(GMT+04:00) Gulf Standard Time (Asia/Dubai)
Asia/Tbilisi|(GMT+04:00) Georgia Standard Time (Asia/Tbilisi)
Asia/Yerevan|(GMT+04:00) Armenia Standard Time (Asia/Yerevan)
Asia/Tehran|(GMT+03:30) Iran Standard Time (Asia/Tehran)
Africa/Nairobi|(GMT+03:00) East Africa Time (Africa/Nairobi)
Asia/Baghdad|(GMT+03:00) Arabian Standard Time (Asia/Baghdad)
Asia/Kuwait|(GMT+03:00) Arabian Standard Time (Asia/Kuwait)
Asia/Riyadh|(GMT+03:00) Arabian Standard Time (Asia/Riyadh)
Europe/Istanbul|(GMT+03:00) Turkey Time (Europe/Istanbul)
Europe/Minsk|(GMT+03:00) Moscow Standard Time (Europe/Minsk)
Europe/Moscow|(GMT+03:00) Moscow Standard Time (Europe/Moscow)
Africa/Cairo|(GMT+02:00) Eastern European Standard Time (Africa/Cairo)
Africa/Johannesburg|(GMT+02:00) South Africa Standard Time (Africa/Johannesburg)
Asia/Beirut|(GMT+02:00) Eastern European Standard Time (Asia/Beirut)
Asia/Jerusalem|(GMT+02:00) Israel Standard Time (Asia/Jerusalem)
Europe/Athens|(GMT+02:00) Eastern European Standard Time (Europe/Athens)
Europe/Bucharest|(GMT+02:00) Eastern European Standard Time (Europe/Bucharest)
Europe/Helsinki|(GMT+02:00) Eastern European Standard Time (Europe/Helsinki)
Africa/Algiers|(GMT+01:00) Central European Standard Time (Africa/Algiers)
Africa/Lagos|(GMT+01:00) West Africa Standard Time (Africa/Lagos)
Africa/Casablanca|(GMT+01:00) Western European Summer Time (Africa/Casablanca)
Europe/Amsterdam|(GMT+01:00) Central European Standard Time (Europe/Amsterdam)
Europe/Berlin|(GMT+01:00) Central European Standard Time (Europe/Berlin)
Europe/Brussels|(GMT+01:00) Central European Standard Time (Europe/Brussels)
Europe/Copenhagen|(GMT+01:00) Central European Standard Time (Europe/Copenhagen)
Europe/Madrid|(GMT+01:00) Central European Standard Time (Europe/Madrid)
Europe/Oslo|(GMT+01:00) Central European Standard Time (Europe/Oslo)
Europe/Paris|(GMT+01:00) Central European Standard Time (Europe/Paris)
Europe/Prague|(GMT+01:00) Central European Standard Time (Europe/Prague)
Europe/Rome|(GMT+01:00) Central European Standard Time (Europe/Rome)
Europe/Stockholm|(GMT+01:00) Central European Standard Time (Europe/Stockholm)
Europe/Vienna|(GMT+01:00) Central European Standard Time (Europe/Vienna)
Europe/Warsaw|(GMT+01:00) Central European Standard Time (Europe/Warsaw)
Europe/Zurich|(GMT+01:00) Central European Standard Time (Europe/Zurich)
Europe/Dublin|(GMT+00:00) Greenwich Mean Time (Europe/Dublin)
Europe/Lisbon|(GMT+00:00) Western European Standard Time (Europe/Lisbon)
Europe/London|(GMT+00:00) Greenwich Mean Time (Europe/London)
GMT|(GMT+00:00) Greenwich Mean Time (GMT)
Atlantic/Cape_Verde|(GMT-01:00) Cape Verde Standard Time (Atlantic/Cape_Verde)
Atlantic/Azores|(GMT-01:00) Azores Standard Time (Atlantic/Azores)
Atlantic/South_Georgia|(GMT-02:00) South Georgia Time (Atlantic/South_Georgia)
America/Sao_Paulo|(GMT-03:00) Brasilia Standard Time (America/Sao_Paulo)
America/Argentina/Buenos_Aires|(GMT-03:00) Argentina Standard Time (America/Argentina/Buenos_Aires)
America/Santiago|(GMT-03:00) Chile Summer Time (America/Santiago)
America/St_Johns|(GMT-03:30) Newfoundland Standard Time (America/St_Johns)
America/Halifax|(GMT-04:00) Atlantic Standard Time (America/Halifax)
America/Puerto_Rico|(GMT-04:00) Atlantic Standard Time (America/Puerto_Rico)
America/Caracas|(GMT-04:00) Venezuela Time (America/Caracas)
Atlantic/Bermuda|(GMT-04:00) Atlantic Standard Time (Atlantic/Bermuda)
America/New_York|(GMT-05:00) Eastern Standard Time (America/New_York)
America/Indiana/Indianapolis|(GMT-05:00) Eastern Standard Time (America/Indiana/Indianapolis)
America/Toronto|(GMT-05:00) Eastern Standard Time (America/Toronto)
America/Bogota|(GMT-05:00) Colombia Standard Time (America/Bogota)
America/Lima|(GMT-05:00) Peru Standard Time (America/Lima)
America/Panama|(GMT-05:00) Eastern Standard Time (America/Panama)
America/Chicago|(GMT-06:00) Central Standard Time (America/Chicago)
America/Mexico_City|(GMT-06:00) Central Standard Time (America/Mexico_City)
America/El_Salvador|(GMT-06:00) Central Standard Time (America/El_Salvador)
America/Denver|(GMT-07:00) Mountain Standard Time (America/Denver)
America/Phoenix|(GMT-07:00) Mountain Standard Time (America/Phoenix)
America/Los_Angeles|(GMT-08:00) Pacific Standard Time (America/Los_Angeles)
America/Tijuana|(GMT-08:00) Pacific Standard Time (America/Tijuana)
America/Vancouver|(GMT-08:00) Pacific Standard Time (America/Vancouver)
America/Anchorage|(GMT-09:00) Alaska Standard Time (America/Anchorage)
Pacific/Honolulu|(GMT-10:00) Hawaii-Aleutian Standard Time (Pacific/Honolulu)
Pacific/Pago_Pago|(GMT-11:00) Samoa Standard Time (Pacific/Pago_Pago)`)
}
