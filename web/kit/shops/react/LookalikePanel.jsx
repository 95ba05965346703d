// Similar items in a React app: <LookalikePanel productId="10001" onSelect={open} layout="carousel" />
import { createElement, useEffect, useRef } from "react";

const dashed = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export function LookalikePanel({ onView, onSelect, onWishlist, ...props }) {
  const panel = useRef(null);
  useEffect(() => {
    const listeners = { view: onView, select: onSelect, wishlist: onWishlist };
    const heard = Object.entries(listeners).filter(([, listener]) => listener);
    for (const [name, listener] of heard) panel.current.addEventListener(`lookalike:${name}`, listener);
    return () => heard.forEach(([name, listener]) => panel.current?.removeEventListener(`lookalike:${name}`, listener));
  }, [onView, onSelect, onWishlist]);
  const attributes = Object.fromEntries(Object.entries(props).map(([name, value]) => [dashed(name), value]));
  return createElement("lookalike-panel", { ref: panel, ...attributes });
}
