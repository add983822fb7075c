throw new TypeError("broken at the top");
