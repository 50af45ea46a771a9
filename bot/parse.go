package bot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The types of envelopes, as Socket Mode names them. They are saved with each delivery, so that a replay parses as the first time.
const (
	envelopeCommand     = "slash_commands"
	envelopeInteractive = "interactive"
	envelopeEvent       = "events_api"
)

// unknownError marks a payload that is nothing for us: it is acknowledged and logged.
type unknownError struct{ what string }

func (e unknownError) Error() string { return "nothing for us: " + e.what }

// parse reads a payload. It reads only what a [Delivery] holds, so that a new kind of block or field in Slack's payloads cannot make a
// whole delivery unreadable. selfID is our own user id: what we wrote ourselves is nothing for us.
func parse(envelope string, body []byte, selfID string) (Delivery, error) {
	switch envelope {
	case envelopeCommand:
		return parseCommand(body)
	case envelopeInteractive:
		return parseInteractive(body)
	case envelopeEvent:
		return parseEvent(body, selfID)
	default:
		return Delivery{}, unknownError{"envelope " + envelope}
	}
}

func parseCommand(body []byte) (Delivery, error) {
	var p struct {
		Team     string `json:"team_id"`
		Channel  string `json:"channel_id"`
		User     string `json:"user_id"`
		Command  string `json:"command"`
		Text     string `json:"text"`
		Response string `json:"response_url"`
		Trigger  string `json:"trigger_id"`
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return Delivery{}, fmt.Errorf("read slash command: %w", err)
	}
	if p.Trigger == "" || p.User == "" || p.Command == "" {
		return Delivery{}, unknownError{"slash command without trigger, user or name"}
	}
	return Delivery{
		Key: "command/" + p.Trigger, Kind: KindCommand,
		User: p.User, Team: p.Team, Channel: p.Channel, TriggerID: p.Trigger, ResponseURL: p.Response,
		Command: &Command{Name: p.Command, Text: strings.TrimSpace(p.Text)},
	}, nil
}

// interaction is the part of an interactive payload that we use.
type interaction struct {
	Type     string    `json:"type"`
	Team     wireID    `json:"team"`
	User     wireID    `json:"user"`
	Channel  wireID    `json:"channel"`
	Trigger  string    `json:"trigger_id"`
	Response string    `json:"response_url"`
	ActionTS string    `json:"action_ts"`
	Callback string    `json:"callback_id"`
	Message  wireMsg   `json:"message"`
	View     *wireView `json:"view"`
	Actions  []wireElt `json:"actions"`
	State    struct {
		Values wireState `json:"values"`
	} `json:"state"`
	Container struct {
		Channel   string `json:"channel_id"`
		MessageTS string `json:"message_ts"`
		ThreadTS  string `json:"thread_ts"`
		Ephemeral bool   `json:"is_ephemeral"`
	} `json:"container"`
}

type (
	wireID  struct{ ID string }
	wireMsg struct {
		User     string     `json:"user"`
		BotID    string     `json:"bot_id"`
		Text     string     `json:"text"`
		TS       string     `json:"ts"`
		ThreadTS string     `json:"thread_ts"`
		Files    []wireFile `json:"files"`
	}
	wireView struct {
		ID       string `json:"id"`
		Hash     string `json:"hash"`
		Root     string `json:"root_view_id"`
		Type     string `json:"type"`
		Callback string `json:"callback_id"`
		Private  string `json:"private_metadata"`
		State    struct {
			Values wireState `json:"values"`
		} `json:"state"`
	}
	wireState map[string]map[string]wireElt
	wireElt   struct {
		ActionID      string          `json:"action_id"`
		BlockID       string          `json:"block_id"`
		ActionTS      string          `json:"action_ts"`
		Value         json.RawMessage `json:"value"` // a string, but not for every element
		Option        *wireOption     `json:"selected_option"`
		Options       []wireOption    `json:"selected_options"`
		User          string          `json:"selected_user"`
		Users         []string        `json:"selected_users"`
		Channel       string          `json:"selected_channel"`
		Channels      []string        `json:"selected_channels"`
		Conversation  string          `json:"selected_conversation"`
		Conversations []string        `json:"selected_conversations"`
		Date          string          `json:"selected_date"`
		Time          string          `json:"selected_time"`
		DateTime      int64           `json:"selected_date_time"`
		Files         []wireFile      `json:"files"`
	}
	wireOption struct {
		Value string `json:"value"`
	}
	wireFile struct {
		ID         string `json:"id"`
		Name       string `json:"name"`
		Title      string `json:"title"`
		Mimetype   string `json:"mimetype"`
		Filetype   string `json:"filetype"`
		User       string `json:"user"`
		Size       int64  `json:"size"`
		Mode       string `json:"mode"`
		External   bool   `json:"is_external"`
		Private    string `json:"url_private"`
		Download   string `json:"url_private_download"`
		FileAccess string `json:"file_access"`
	}
)

func parseInteractive(body []byte) (Delivery, error) {
	var p interaction
	if err := json.Unmarshal(body, &p); err != nil {
		return Delivery{}, fmt.Errorf("read interaction: %w", err)
	}
	d := Delivery{
		User: p.User.ID, Team: p.Team.ID, TriggerID: p.Trigger, ResponseURL: p.Response,
		Channel:   or(p.Channel.ID, p.Container.Channel),
		MessageTS: or(p.Message.TS, p.Container.MessageTS),
		ThreadTS:  or(p.Message.ThreadTS, p.Container.ThreadTS),
	}
	if d.User == "" {
		return Delivery{}, unknownError{"interaction without a user"}
	}
	switch {
	case p.Type == "block_actions" && len(p.Actions) > 0:
		a := p.Actions[0] // Slack sends one at a time
		in := a.input()
		d.Kind = KindAction
		d.Key = strings.Join([]string{"action", a.ActionTS, a.ActionID, d.User}, "/")
		d.Action = &Action{
			ID: a.ActionID, BlockID: a.BlockID, Value: in.Value, Selected: in.Selected,
			Ephemeral: p.Container.Ephemeral, State: p.State.Values.state(), View: p.View.view(),
		}
		if d.Action.View != nil {
			d.Action.State = d.Action.View.State
		}
	case p.Type == "view_submission" && p.View != nil:
		d.Kind, d.Submit = KindSubmit, p.View.view()
		d.Key = "submit/" + p.View.ID + "/" + p.View.Hash
	case p.Type == "view_closed" && p.View != nil:
		d.Kind, d.Close = KindClose, p.View.view()
		d.Key = "close/" + p.View.ID + "/" + p.View.Hash
	case p.Type == "message_action", p.Type == "shortcut":
		d.Kind = KindShortcut
		d.Key = "shortcut/" + p.Trigger
		d.Shortcut = &Shortcut{
			CallbackID: p.Callback, Author: p.Message.User, Text: p.Message.Text, Files: filesOf(p.Message.Files),
		}
	default:
		return Delivery{}, unknownError{"interaction " + p.Type}
	}
	return d, nil
}

func parseEvent(body []byte, selfID string) (Delivery, error) {
	var p struct {
		Type    string `json:"type"`
		EventID string `json:"event_id"`
		Team    string `json:"team_id"`
		Event   struct {
			wireMsg
			Type        string `json:"type"`
			Subtype     string `json:"subtype"`
			Channel     string `json:"channel"`
			ChannelType string `json:"channel_type"`
			Tab         string `json:"tab"`
		} `json:"event"`
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return Delivery{}, fmt.Errorf("read event: %w", err)
	}
	e := p.Event
	switch {
	case p.Type != "event_callback" || p.EventID == "":
		return Delivery{}, unknownError{"event envelope " + p.Type}
	case e.BotID != "" || e.User == "" || e.User == selfID:
		return Delivery{}, unknownError{"event " + e.Type + " by a bot or nobody"}
	}
	d := Delivery{
		Key: "event/" + p.EventID, Kind: KindEvent, User: e.User, Team: p.Team, Channel: e.Channel,
		MessageTS: e.TS, ThreadTS: e.ThreadTS,
		Event: &Event{Text: e.Text, Files: filesOf(e.Files), Tab: e.Tab},
	}
	switch {
	case e.Type == "app_mention":
		d.Event.Type = EventMention
	case e.Type == "app_home_opened":
		d.Event.Type = EventHome
	case e.Type == "message" && e.ChannelType == "im" && (e.Subtype == "" || e.Subtype == "file_share"):
		d.Event.Type = EventDirect
	default:
		return Delivery{}, unknownError{strings.TrimSpace("event " + e.Type + " " + e.Subtype)}
	}
	return d, nil
}

func (v *wireView) view() *View {
	if v == nil || v.ID == "" {
		return nil
	}
	return &View{
		ID: v.ID, Hash: v.Hash, RootID: v.Root, Type: v.Type, CallbackID: v.Callback, PrivateMetadata: v.Private,
		State: v.State.Values.state(),
	}
}

func (w wireState) state() State {
	s := make(State, len(w))
	for block, elements := range w {
		s[block] = make(map[string]Input, len(elements))
		for id, e := range elements {
			s[block][id] = e.input()
		}
	}
	return s
}

// input gathers what an element holds: each kind of element has a field of its own.
func (e wireElt) input() Input {
	in := Input{Files: filesOf(e.Files)}
	if len(e.Value) > 0 {
		// Anything but a string (rich text, null) leaves the value empty.
		_ = json.Unmarshal(e.Value, &in.Value)
	}
	if e.Option != nil {
		in.Selected = append(in.Selected, e.Option.Value)
	}
	for _, o := range e.Options {
		in.Selected = append(in.Selected, o.Value)
	}
	for _, one := range []string{e.User, e.Channel, e.Conversation, e.Date, e.Time} {
		if one != "" {
			in.Selected = append(in.Selected, one)
		}
	}
	if e.DateTime != 0 {
		in.Selected = append(in.Selected, time.Unix(e.DateTime, 0).UTC().Format(time.RFC3339))
	}
	in.Selected = append(in.Selected, slices.Concat(e.Users, e.Channels, e.Conversations)...)
	return in
}

func filesOf(wire []wireFile) []File {
	var files []File
	for _, f := range wire {
		files = append(files, File{
			ID: f.ID, Name: f.Name, Title: f.Title, Mimetype: f.Mimetype, Filetype: f.Filetype, User: f.User, Size: f.Size,
			Mode: f.Mode, External: f.External, URL: or(f.Download, f.Private), Access: f.FileAccess,
		})
	}
	return files
}
