/** Every word the page shows, in Vietnamese and English, and what fills them in. */

const LANGUAGE = "sonca.language";

const WORDS = {
  vi: {
    title: "Sơn Ca – đọc to tiếng Việt",
    tagline: "Đọc to tiếng Việt",
    language: "Ngôn ngữ giao diện",
    text: "Văn bản cần đọc",
    placeholder: "Gõ hoặc dán văn bản vào đây, hay thả một tệp .txt…",
    open: "Mở tệp .txt",
    clear: "Xoá hết",
    undo: "Hoàn tác",
    redo: "Làm lại",
    reopen: "Mở lại",
    opened: "Đã mở “{name}” thay cho văn bản trước.",
    cleared: "Đã xoá hết văn bản.",
    undone: "Đã lấy lại văn bản trước.",
    redone: "Đã làm lại.",
    earlier: "Văn bản trước đó vẫn còn.",
    elsewhere: "Bạn còn một văn bản khác ở một thẻ đã mở trước đây.",
    drop: "Thả tệp để đọc",
    reading: "Văn bản đang đọc; bấm vào một câu để nghe từ đó",
    hint: "Bấm vào một câu để nghe từ đó.",
    hint_stop: "Esc để dừng và sửa.",
    back: "Về chỗ đang đọc",
    settings: "Giọng và tốc độ",
    region: "Miền",
    north: "Bắc",
    central: "Trung",
    south: "Nam",
    gender: "Giới tính",
    female: "Nữ",
    male: "Nam",
    voice: "Giọng đọc",
    cloned: "giọng tải lên",
    sample: "Nghe thử",
    sample_stop: "Dừng nghe thử",
    papers: "Giấy tờ của giọng này",
    commercial_yes: "Được dùng thương mại",
    commercial_no: "Không được dùng thương mại",
    commercial_unclear: "Chưa rõ quyền dùng thương mại",
    weights: "Giấy phép trọng số",
    code: "Giấy phép mã nguồn",
    trained_on: "Huấn luyện bằng",
    undisclosed: "chưa công bố",
    consent: "Người nói đồng ý",
    hash: "Mã băm của mô hình",
    measured: "Đo trên máy này",
    measured_here: "{speed} giây cho một giây tiếng, {level} LUFS",
    better: "Có thể có giọng hay hơn ({title}): chạy lệnh dưới đây rồi khởi động lại Sơn Ca.",
    speed: "Tốc độ",
    save: "Lưu thành tệp",
    saving: "Đang tạo {format}… {size}",
    saved: "Đã lưu {name}",
    cancel: "Huỷ",
    player: "Điều khiển",
    speak: "Đọc",
    pause: "Tạm dừng",
    resume: "Đọc tiếp",
    stop: "Dừng",
    wave: "Vị trí đang nghe",
    at: "{position} trên {total}",
    about: "khoảng {total}",
    characters: "{n} ký tự",
    loading: "Đang chuẩn bị…",
    playing: "Đang đọc",
    waiting: "Đang chờ tiếng…",
    paused: "Đã tạm dừng",
    ended: "Đã đọc xong",
    stopped: "Đã dừng",
    first: "tiếng đầu sau {ms} ms",
    keys: "để đọc",
    keys_stop: "để dừng",
    key: "Khoá API",
    key_why: "Máy chủ này cần khoá API. Khoá chỉ được giữ đến khi bạn đóng thẻ này.",
    key_wrong: "Khoá này không đúng. Hãy kiểm tra lại rồi thử lần nữa.",
    key_use: "Dùng khoá",
    request: "Mã yêu cầu: {id}",
    error: {
      empty_text: "Chưa có gì để đọc. Hãy gõ hoặc dán văn bản vào khung trên.",
      nothing_to_say: "Trong văn bản này không có chữ nào đọc được.",
      too_long: "Văn bản dài quá giới hạn của máy chủ. Hãy chia nhỏ ra.",
      unknown_voice: "Máy chủ không có giọng này. Hãy chọn giọng khác.",
      unsupported: "Máy đọc hiện có không dùng được giọng này. Hãy chọn giọng khác.",
      no_voices: "Không lấy được danh sách giọng đọc.",
      key: "Máy chủ cần khoá API. Hãy nhập khoá ở đầu trang.",
      busy: "Máy chủ đang bận. Hãy thử lại sau {seconds} giây.",
      unavailable: "Máy chủ chưa sẵn sàng. Hãy thử lại sau ít phút.",
      shutting_down: "Máy chủ sắp tắt nên không nhận thêm việc. Hãy thử lại sau {seconds} giây.",
      too_many_books: "Số sách đang làm đã đến giới hạn. Hãy đợi một cuốn xong hoặc xoá bớt một cuốn.",
      too_many_kept_books: "Số sách được giữ đã đến giới hạn. Hãy xoá bớt sách rồi thử lại.",
      too_many_plans: "Máy chủ đang xem nhiều sách cùng lúc. Hãy thử lại sau {seconds} giây.",
      book_type: "“{name}” không phải tệp sách. Sách nhận các tệp TXT, Markdown, HTML, EPUB, DOCX và SRT.",
      storage_full: "Máy chủ đã hết chỗ chứa. Hãy xoá bớt sách rồi thử lại.",
      server_says: "Máy chủ báo lỗi:",
      offline: "Không kết nối được với máy chủ. Sơn Ca còn đang chạy không?",
      broken: "Kết nối bị đứt giữa chừng. Hãy thử lại.",
      failed: "Có lỗi khi đọc. Hãy thử lại.",
      file_type: "“{name}” không phải tệp văn bản.",
      file_book: "“{name}” là tệp sách. Hãy mở thẻ Sách nói rồi thả vào đó.",
      file_size: "“{name}” quá lớn. Tệp văn bản được tối đa {mb} MB.",
      no_sound: "Trình duyệt này không phát được âm thanh.",
    },
  },
  en: {
    title: "Sơn Ca – Vietnamese text to speech",
    tagline: "Vietnamese, read aloud",
    language: "Interface language",
    text: "Text to read",
    placeholder: "Type or paste Vietnamese text here, or drop a .txt file…",
    open: "Open a .txt file",
    clear: "Clear",
    undo: "Undo",
    redo: "Redo",
    reopen: "Open it",
    opened: "“{name}” took the place of the text before.",
    cleared: "The text was cleared.",
    undone: "The text before is back.",
    redone: "Done again.",
    earlier: "The text before is still there.",
    elsewhere: "There is another text of yours, from another tab.",
    drop: "Drop the file to read it",
    reading: "The text being read; click a sentence to listen from there",
    hint: "Click a sentence to listen from there.",
    hint_stop: "Esc stops and lets you edit.",
    back: "Back to the spoken line",
    settings: "Voice and speed",
    region: "Region",
    north: "North",
    central: "Central",
    south: "South",
    gender: "Gender",
    female: "Female",
    male: "Male",
    voice: "Voice",
    cloned: "uploaded voice",
    sample: "Hear it",
    sample_stop: "Stop the sample",
    papers: "This voice's papers",
    commercial_yes: "Commercial use allowed",
    commercial_no: "No commercial use",
    commercial_unclear: "Commercial use not clear",
    weights: "Licence of the weights",
    code: "Licence of the code",
    trained_on: "Trained on",
    undisclosed: "undisclosed",
    consent: "Consent of the speakers",
    hash: "Hash of the model",
    measured: "Measured here",
    measured_here: "{speed} s for a second of sound, {level} LUFS",
    better: "Better voices can be had ({title}): run this, then start Sonca again.",
    speed: "Speed",
    save: "Save as a file",
    saving: "Making {format}… {size}",
    saved: "Saved {name}",
    cancel: "Cancel",
    player: "Player",
    speak: "Speak",
    pause: "Pause",
    resume: "Resume",
    stop: "Stop",
    wave: "Listening position",
    at: "{position} of {total}",
    about: "about {total}",
    characters: "{n} characters",
    loading: "Getting ready…",
    playing: "Speaking",
    waiting: "Waiting for sound…",
    paused: "Paused",
    ended: "Finished",
    stopped: "Stopped",
    first: "first sound after {ms} ms",
    keys: "to speak",
    keys_stop: "to stop",
    key: "API key",
    key_why: "This server asks for an API key. It is kept only until you close this tab.",
    key_wrong: "This key is not right. Check it and try again.",
    key_use: "Use key",
    request: "Request id: {id}",
    error: {
      empty_text: "There is nothing to read yet. Type or paste some text above.",
      nothing_to_say: "Nothing in this text can be spoken.",
      too_long: "The text is longer than the server allows. Send it in parts.",
      unknown_voice: "The server does not have this voice. Choose another.",
      unsupported: "No engine here can speak in this voice. Choose another.",
      no_voices: "The list of voices could not be loaded.",
      key: "The server asks for an API key. Enter it at the top of the page.",
      busy: "The server is busy. Try again in {seconds} seconds.",
      unavailable: "The server is not ready. Try again in a few minutes.",
      shutting_down: "The server is about to stop and takes nothing new. Try again in {seconds} seconds.",
      too_many_books: "As many books are being made as may be. Wait for one to finish, or delete one.",
      too_many_kept_books: "As many books are kept as may be. Delete some and try again.",
      too_many_plans: "The server is looking at many books right now. Try again in {seconds} seconds.",
      book_type: "“{name}” is not a book. Books are TXT, Markdown, HTML, EPUB, DOCX and SRT files.",
      storage_full: "The server has no room left. Delete some books and try again.",
      server_says: "The server reports an error:",
      offline: "The server cannot be reached. Is Sonca still running?",
      broken: "The connection broke on the way. Try again.",
      failed: "Something went wrong while speaking. Try again.",
      file_type: "“{name}” is not a text file.",
      file_book: "“{name}” is a book. Open the Books tab and drop it there.",
      file_size: "“{name}” is too large. A text file may have up to {mb} MB.",
      no_sound: "This browser cannot play sound.",
    },
  },
};

const TONES = {
  vi: { standard: "chuẩn", soft: "dịu", deep: "trầm", high: "cao", quiet: "nhỏ nhẹ" },
  en: { standard: "standard" },
};

export const words = {
  language: startLanguage(),

  /** The words for `name` (dotted), with {holes} filled from `values`. */
  say(name, values = {}) {
    const text = name.split(".").reduce((at, part) => at?.[part], WORDS[this.language]) ?? name;
    return text.replace(/\{(\w+)\}/g, (_, hole) => values[hole] ?? "");
  },

  tone(tone) {
    return TONES[this.language][tone] ?? tone;
  },

  number(value, options) {
    return new Intl.NumberFormat(this.language, options).format(value);
  },

  /** Puts words into every element that names them (`data-word`, `data-label`, `data-hint`). */
  fill(root = document) {
    document.documentElement.lang = this.language;
    document.title = this.say("title");
    for (const element of root.querySelectorAll("[data-word]")) {
      element.textContent = this.say(element.dataset.word);
    }
    for (const element of root.querySelectorAll("[data-label]")) {
      element.setAttribute("aria-label", this.say(element.dataset.label));
    }
    for (const element of root.querySelectorAll("[data-hint]")) {
      element.placeholder = this.say(element.dataset.hint);
    }
  },

  choose(language) {
    this.language = language;
    remember(LANGUAGE, language);
    this.fill();
  },
};

function startLanguage() {
  const chosen = recall(LANGUAGE);
  if (chosen in WORDS) return chosen;
  const tags = navigator.languages ?? [navigator.language];
  const first = tags.find((tag) => /^(vi|en)\b/i.test(tag));
  return first?.slice(0, 2).toLowerCase() ?? "vi";
}

/** What the browser kept under `name`; null where it keeps nothing. */
export function recall(name, where = "localStorage") {
  try {
    return window[where].getItem(name);
  } catch {
    return null;
  }
}

/** Keeps `value` for the next visit; whether the browser let us. */
export function remember(name, value, where = "localStorage") {
  try {
    window[where].setItem(name, value);
    return true;
  } catch {
    return false; // the store is full or forbidden
  }
}

/** Seconds as m:ss or h:mm:ss. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds + 0.001));
  const two = (value) => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
