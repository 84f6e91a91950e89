namespace KextDev.Guests;

/// <summary>One plain sentence from a driver to the person who waits: what it decided and why, or what takes long.</summary>
public delegate void GuestNote(string sentence);
